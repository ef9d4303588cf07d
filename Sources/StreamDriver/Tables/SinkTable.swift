/// Which rows of a stream go into which table. A value.
public struct SinkTable: Hashable, Sendable {
  /// The name; a part in braces, as in `orders_{region}`, stands for the value that the row has in
  /// that column, so that there is a table for each.
  public var name: String
  /// As SQL writes it after WHERE; rows for which it is not true go elsewhere. Nil for all.
  public var condition: String?
  /// As SQL writes it after WHERE; rows for which it is true stand for the deletion of their keys,
  /// and need no other values. For tables with unique keys; nil for none.
  public var deletion: String?
  /// The columns that are written; nil for all.
  public var columns: [String]?
  /// Of rows that give some columns of a table with unique keys, and keep the others as they are;
  /// nil for whole rows. Rows of a partition may lack columns then, or each row its own.
  public var partial: PartialWrite?
  /// Whether it gets the columns that rows get, and loses those they lose, where the stream applies
  /// such changes; nil for every table whose name is not made of values.
  public var followsChanges: Bool?
  /// What the table is like if it is not there.
  public var layout: TableLayout

  public init(
    name: String, condition: String? = nil, deletion: String? = nil, columns: [String]? = nil,
    layout: TableLayout = TableLayout()
  ) {
    self.name = name
    self.condition = condition
    self.deletion = deletion
    self.columns = columns
    self.layout = layout
  }
}
