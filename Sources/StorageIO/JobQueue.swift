/// A queue with O(1) amortised operations at both ends.
struct JobQueue: Sendable {
  private var jobs: [(@Sendable () -> Void)?] = []
  private var head = 0

  var count: Int { jobs.count - head }
  var isEmpty: Bool { head == jobs.count }

  mutating func append(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

  mutating func popFirst() -> (@Sendable () -> Void)? {
    guard head < jobs.count else { return nil }
    let job = jobs[head]
    jobs[head] = nil
    head += 1
    if head * 2 >= jobs.count {
      jobs.removeFirst(head)
      head = 0
    }
    return job
  }
}
