/// Every limit of the storage core, in one place. Each names the quantity, its unit last.
public enum Limits {
  /// Columns of one table.
  public static let columnCountMax = 4096
  /// UTF-8 bytes of a table or column name.
  public static let nameByteCountMax = 256
  /// UTF-8 bytes of the default of a column that is added to a table.
  public static let columnDefaultByteCountMax = 4096
  /// Column ids that a table gives out, those of dropped columns included.
  public static let columnIDMax = UInt32(Int32.max)
  /// Bytes of one string value.
  public static let stringByteCountMax = 1 << 20
  /// Rows of one page of a segment.
  public static let pageRowCountMax = 1 << 16
  /// Bytes of one page before compression; keeps decoders from allocating on a hostile length.
  public static let pageByteCountMax = 1 << 30
  /// Rows of one segment: row ordinals are 32-bit.
  public static let segmentRowCountMax = 1 << 30
  /// Versions (rowsets on the read path) of one tablet before loads are refused
  /// (`max_tablet_version_num` of Apache Doris).
  public static let tabletVersionCountMax = 2000
  /// Tablets (hash buckets) of one table.
  public static let bucketCountMax = 1024
  /// Encoded bytes of a rowset that is kept inline in the log instead of in its own file.
  public static let inlineRowsetByteCountMax = 64 << 10
  /// Bytes of one log record.
  public static let logRecordByteCountMax = 1 << 28
  /// UTF-8 bytes of the label of a load.
  public static let labelByteCountMax = 256
  /// Transactions that have begun and neither committed nor aborted
  /// (`max_running_txn_num_per_db` of Apache Doris).
  public static let runningTransactionCountMax = 10_000
  /// Inputs of one merge.
  public static let mergeInputCountMax = 1 << 16
}
