import StorageBase

/// The least and the greatest of some numbers once as many at each end are left out. Linear in the
/// numbers for few left out, where sorting them would cost a comparison of each with many.
struct TrimmedBounds<T: FixedWidthInteger> {
  let low: T
  let high: T

  /// - Precondition: there are more than twice `trimmedCount` numbers.
  init(_ numbers: UnsafeMutableBufferPointer<T>, trimming trimmedCount: Int) {
    precondition(numbers.count > 2 * trimmedCount)
    (low, high) = withUnsafeTemporaryAllocation(of: T.self, capacity: 2 * (trimmedCount + 1)) {
      ends in
      let last = trimmedCount
      let greatest = trimmedCount + 1
      for index in 0...last {
        ends[index] = .max
        ends[greatest + index] = .min
      }
      for number in numbers {
        if number < ends[last] {
          var place = last
          while place > 0, number < ends[place - 1] {
            ends[place] = ends[place - 1]
            place -= 1
          }
          ends[place] = number
        }
        if number > ends[greatest + last] {
          var place = last
          while place > 0, number > ends[greatest + place - 1] {
            ends[greatest + place] = ends[greatest + place - 1]
            place -= 1
          }
          ends[greatest + place] = number
        }
      }
      return (ends[last], ends[greatest + last])
    }
  }
}
