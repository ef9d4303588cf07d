import ScanKernels
import StorageBase
import TabletEngine

/// One SELECT over one table:
///
///     SELECT [DISTINCT] * | expression [[AS] name], …
///     FROM table [[FOR] VERSION AS OF n | [FOR] TIME AS OF 'time'] [[AS] name]
///     [WHERE condition] [GROUP BY column | expression | ordinal, …] [HAVING condition]
///     [ORDER BY expression | name | ordinal [ASC | DESC], …] [LIMIT n] [OFFSET n]
///
/// - Aggregates: `count(*)`, `count([distinct] x)`, `sum`, `min`, `max`, `avg`,
///   `approx_count_distinct(x)` (`ndv`), each with `FILTER (WHERE condition)`, and `+ - * /` of
///   them. A quotient is a double, all else of integers and decimals is exact.
/// - Of a row: `+ - *`, `CASE WHEN … THEN … ELSE … END` of numbers, `extract(year | month | day
///   from x)`, `year(x)`, `month(x)`, `day(x)`, `substring(x, start, length)`.
/// - Conditions: comparisons of columns, expressions and constants, `BETWEEN`, `IN`, `LIKE`,
///   `MATCH_ANY`, `MATCH_ALL`, `MATCH_PHRASE`, `MATCH_PHRASE_PREFIX`, `IS [NOT] NULL`, `AND`, `OR`,
///   `NOT`, in three-valued logic.
/// - Constants: numbers, `'text'`, `TRUE`, `FALSE`, `NULL`, `DATE '…'`, `TIMESTAMP '…'`, and dates
///   plus or minus `INTERVAL 'n' DAY | WEEK | MONTH | YEAR`.
///
/// A version is the number of a commit of the store, a time is in UTC and means the last commit at
/// or before it; SYSTEM_VERSION, SYSTEM_TIME and TIMESTAMP are understood as well.
///
/// Nulls come first in an order, with DESC last. Without an order, groups come in that of their
/// keys.
public struct SQLStatement: Sendable {
  public let text: String
  let select: SQLSelect

  /// - Throws: `SQLError` with the place, what was expected there and what was found.
  public init(_ text: String) throws {
    self.text = text
    select = try SQLParser.select(text)
  }

  /// As FROM names it.
  public var tableName: String { select.table }

  /// The moment whose state FROM asks for; nil for now.
  public var moment: Moment? { select.moment }

  /// Fits the statement to the columns of its table.
  /// - Throws: `SQLError` for an unknown name, with the nearest one, and for what does not fit the
  ///   types of the columns.
  public func bound(to schema: Schema) throws -> SQLQuery {
    try SQLBinder(self, schema).query()
  }
}
