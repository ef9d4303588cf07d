import BenchKit

/// A picture of the notebook: what makes the CSV files that it is drawn from.
///
/// To add one: a file with a type like this, and its line in the catalogue of the program. Files of
/// simulated figures are the same to the last byte wherever they are made, so they name no time,
/// machine or revision.
public protocol Figure: Sendable {
  /// What `bench figure` calls it: lower case, words joined by `-`.
  var name: String { get }
  /// One line: what is to be seen.
  var summary: String { get }

  /// Makes the files.
  /// - Parameter note: is told now and then how far the work has come.
  func files(_ note: (String) throws -> Void) throws -> [FigureFile]
}

/// A file of a figure.
public struct FigureFile: Hashable, Sendable {
  /// In the folder of all figures; begins with the name of the figure.
  public let name: String
  public let text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  init(name: String, _ table: CSVTable) { self.init(name: name, text: table.text) }
}

extension CSVTable {
  /// Appends numbers and names as files of results have them; nil is an empty field.
  public mutating func append(values: [(any CSVValue)?]) {
    append(values.map { $0?.csvText ?? "" })
  }
}
