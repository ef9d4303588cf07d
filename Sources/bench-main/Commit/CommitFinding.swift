import BenchKit

/// One figure of `bench commit`, from several rounds.
struct CommitFinding: Sendable {
  let part: String
  let variant: String
  let figure: String
  /// By round.
  var values: [Double]

  var median: Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  static let csvHeader = "part,variant,figure,median,min,max,rounds"

  var csvLine: String {
    ([part, variant, figure].map(Self.quoted) + figures(places: 4) + ["\(values.count)"]).joined(
      separator: ",")
  }

  /// RFC 4180.
  private static func quoted(_ text: String) -> String {
    text.contains(",") ? "\"\(text)\"" : text
  }

  /// Median, least and greatest; large ones without decimals.
  func figures(places: Int) -> [String] {
    [median, values.min() ?? 0, values.max() ?? 0].map {
      formatFixed($0, places: $0 >= 1000 ? 0 : places)
    }
  }
}

/// The figures of a run in the order they were first found; those of later rounds join them.
struct CommitFindings {
  private(set) var all: [CommitFinding] = []

  mutating func add(_ part: String, _ variant: String, _ figure: String, _ value: Double) {
    let index = all.firstIndex {
      $0.part == part && $0.variant == variant && $0.figure == figure
    }
    if let index {
      all[index].values.append(value)
    } else {
      all.append(
        CommitFinding(part: part, variant: variant, figure: figure, values: [value]))
    }
  }

  var text: String {
    var table = TextTable([
      .init("part", .leading), .init("variant", .leading), .init("figure", .leading),
      .init("median"), .init("min"), .init("max"),
    ])
    for one in all {
      table.append([one.part, one.variant, one.figure] + one.figures(places: 3))
    }
    return table.text
  }

  var csv: String {
    ([CommitFinding.csvHeader] + all.map(\.csvLine)).joined(separator: "\n") + "\n"
  }
}
