import CKernels

/// The kernels of this target at the level the process runs at.
enum SegmentKernels {
  static let prefix = table(ck_prefix_at(ck_level()))
  static let alp = table(ck_alp_at(ck_level()))

  private static func table<T>(_ pointer: UnsafePointer<T>?) -> T {
    guard let pointer else {
      preconditionFailure("the level in use is one of those the processor has")
    }
    return pointer.pointee
  }
}
