import CKernels
import ScanKernels
import StorageBase

/// A floating-point type whose columns may hold decimal fractions.
protocol ALPFloat: BinaryFloatingPoint & BitwiseCopyable {
  associatedtype Bits: ColumnInteger
  /// The greatest power of ten to scale by: more digits than that the type cannot tell apart.
  static var exponentMax: Int { get }
  /// The positions of the values that do not come back, after encoding all.
  static func encode(
    _ values: UnsafePointer<Self>, count: Int, _ scale: ck_alp_scale,
    into target: UnsafeMutablePointer<Bits>, exceptions: UnsafeMutablePointer<UInt32>
  ) -> Int
}

extension Double: ALPFloat {
  typealias Bits = Int64
  static var exponentMax: Int { 18 }

  static func encode(
    _ values: UnsafePointer<Double>, count: Int, _ scale: ck_alp_scale,
    into target: UnsafeMutablePointer<Int64>, exceptions: UnsafeMutablePointer<UInt32>
  ) -> Int { SegmentKernels.alp.encode_f64(values, count, scale, target, exceptions) }
}

extension Float: ALPFloat {
  typealias Bits = Int32
  static var exponentMax: Int { 10 }

  static func encode(
    _ values: UnsafePointer<Float>, count: Int, _ scale: ck_alp_scale,
    into target: UnsafeMutablePointer<Int32>, exceptions: UnsafeMutablePointer<UInt32>
  ) -> Int { SegmentKernels.alp.encode_f32(values, count, scale, target, exceptions) }
}

/// Decimal fractions as integers with one scale for the page: ALP, after Afroozeh, Kuffo and
/// Boncz, "ALP: Adaptive Lossless floating-Point Compression" (SIGMOD 2024). Its second scheme,
/// for numbers that are no decimal fractions, is left out: such pages are plain.
enum ALPBlock {
  static let exponentMax = 18

  /// Powers of ten as the nearest doubles; persistent, as they define what a page means.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
  ]
  private static let inverses: [Double] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14,
    1e-15, 1e-16, 1e-17, 1e-18,
  ]

  /// - Precondition: both are in 0...18.
  static func scale(exponent: Int, factor: Int) -> ck_alp_scale {
    ck_alp_scale(
      up: powers[exponent], shrink: inverses[factor], grow: powers[factor],
      down: inverses[exponent])
  }

  static func read(
    _ reader: inout ByteReader, count: Int, isDouble: Bool, into target: UnsafeMutableRawPointer
  ) throws {
    let exponent = Int(try reader.read(UInt8.self, "decimal exponent"))
    let factor = Int(try reader.read(UInt8.self, "decimal factor"))
    guard exponent <= exponentMax, factor <= exponent else {
      throw reader.corrupt(
        "decimal scale", expected: "a factor up to the exponent, up to \(exponentMax)",
        found: "\(factor), \(exponent)")
    }
    let scale = scale(exponent: exponent, factor: factor)
    if isDouble {
      let integers = target.assumingMemoryBound(to: Int64.self)
      try IntegerBlock.read(&reader, count: count, into: integers)
      let floats = target.assumingMemoryBound(to: Double.self)
      SegmentKernels.alp.decode_f64(integers, count, scale, floats)
      try readExceptions(&reader, count: count, into: floats)
    } else {
      let integers = target.assumingMemoryBound(to: Int32.self)
      try IntegerBlock.read(&reader, count: count, into: integers)
      let floats = target.assumingMemoryBound(to: Float.self)
      SegmentKernels.alp.decode_f32(integers, count, scale, floats)
      try readExceptions(&reader, count: count, into: floats)
    }
  }

  private static func readExceptions<F: ALPFloat>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<F>
  ) throws {
    try PatchedBlock.readExceptions(&reader, count: count, into: target) {
      reader, exceptions, values in
      let bytes = try reader.readBytes(exceptions * MemoryLayout<F>.size, "exceptions")
      UnsafeMutableRawBufferPointer(start: values, count: bytes.count).copyMemory(from: bytes)
    }
  }
}

/// Memory for a page of decimal fractions being written. Not thread-safe.
final class ALPBuffers {
  let integers = ByteBuffer()
  let exceptions = ByteBuffer()
}
