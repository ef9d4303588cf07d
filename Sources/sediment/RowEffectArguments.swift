import ArgumentParser
import TabletEngine

/// What the rows of a load do to those of their keys (`merge_type` of Apache Doris).
enum MergeType: String, ExpressibleByArgument, CaseIterable {
  /// They take their place.
  case append
  /// They delete them.
  case delete
  /// Those that meet a condition delete them, the others take their place.
  case merge
}

/// Options of a load into a table with unique keys.
struct RowEffectArguments: ParsableArguments {
  @Option(
    help: """
      What rows do to those of their keys: append (take their place), delete, or merge (delete \
      where --delete-on is true, else take their place).
      """)
  var mergeType = MergeType.append

  @Option(
    help: ArgumentHelp(
      "Which rows of --merge-type merge delete their key: a condition as in WHERE.",
      valueName: "condition"))
  var deleteOn: String?

  @Flag(help: "Rows give some columns, and keep what the table has in the others.")
  var partial = false

  @Flag(help: "Of --partial with JSON: each row gives the columns that it names.")
  var flexible = false

  @Option(
    help: ArgumentHelp(
      "Of --partial: the columns that rows give beside the key; all of the input unless told.",
      valueName: "column,..."))
  var columns: String?

  @Option(
    help: """
      Of --partial: what becomes of keys that the table has no row of: insert (with defaults) or \
      error.
      """)
  var newKeys = NewKeys.insert

  enum NewKeys: String, ExpressibleByArgument, CaseIterable {
    case insert, error

    var behaviour: PartialUpdate.NewKeys { self == .insert ? .insertDefaults : .refuse }
  }

  func validate() throws {
    guard (mergeType == .merge) == (deleteOn != nil) else {
      throw ValidationError(
        "--merge-type merge needs --delete-on CONDITION, and the other merge types take none")
    }
    guard partial || (columns == nil && newKeys == .insert && !flexible) else {
      throw ValidationError("--columns, --flexible and --new-keys belong to --partial")
    }
    guard !flexible || columns == nil else {
      throw ValidationError("the rows of --flexible name their columns: leave out --columns")
    }
    guard !partial || mergeType != .delete else {
      throw ValidationError("a load of deletions needs keys only: leave out --partial")
    }
  }
}
