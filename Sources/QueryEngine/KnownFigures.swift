import ScanKernels
import StorageBase

/// Finds out whether zone maps tell counts, least and greatest values of a whole segment.
struct KnownFigures {
  private let schema: Schema
  private let aggregates: [BoundAggregate]

  /// - Precondition: `Aggregation.isKnownFromBounds` is true of the aggregates.
  init(_ schema: Schema, _ aggregates: [BoundAggregate]) {
    self.schema = schema
    self.aggregates = aggregates
  }

  /// Tried on figures that are thrown away.
  func areKnown(of segment: SegmentScan) -> Bool {
    !segment.isAltered
      && Aggregation(schema: schema, groupBy: [], aggregates: aggregates)
        .add(rowCount: segment.rowCount, knownFrom: segment.bounds(ofColumn:))
  }
}

extension SegmentScan {
  /// Adds all rows of the segment by what its zone maps tell.
  /// - Precondition: they tell all that is asked, as `KnownFigures` says.
  func addKnown(to aggregation: Aggregation, work: inout ScanWork) {
    let isKnown = aggregation.add(rowCount: rowCount, knownFrom: bounds(ofColumn:))
    precondition(isKnown, "zone maps that told enough before")
    work.pagesKnown += pageCount
    work.rowsScanned += rowCount
    work.rowsSelected += rowCount
  }
}
