import StorageIO

extension Monitor where State == StreamState {
  /// Changes the state, and wakes those who wait for something to change.
  func change<Result>(_ body: (inout StreamState) throws -> Result) rethrows -> Result {
    let result = try withLock { state in
      state.noteChange()
      return try body(&state)
    }
    broadcast()
    return result
  }
}
