import IngestDriver
import StorageBase
import StorageIO

extension SourceSpec {
  /// The source as it is read.
  /// - Parameter content: what is in texts besides rows of fixed columns.
  func stream(
    files: any FileSystem, clock: any TimeSource, _ content: TextContent = TextContent()
  ) throws -> any StreamSource {
    switch self {
    case .generated(let generator):
      let rows = generator.rowCount.map {
        UInt64($0.ceilingDivision(by: generator.partitionCount))
      }
      return GeneratedSource(
        try generator.factory(), partitionCount: generator.partitionCount,
        rowsPerPartition: rows, rowsPerSecond: generator.rowsPerSecond, clock: clock)
    case .files(let text):
      return try TextStream(
        text.path, mapping: text.inputMapping(files), isFollowed: text.isFollowed, files: files,
        clock: clock, content)
    case .standardInput(let text):
      guard let mapping = try text.inputMapping(files) else {
        throw StorageError.invalidArgument(
          name: "source", value: "stdin", reason: "it needs a mapping")
      }
      return try StandardInputStream(mapping: mapping, clock: clock, content)
    case .kafka(let kafka):
      #if Kafka
        return try KafkaStream(
          kafka, mapping: kafka.inputMapping(files), clock: clock, content)
      #else
        throw StorageError.invalidArgument(
          name: "source", value: "kafka \(kafka.topic)", reason: KafkaSpec.absence)
      #endif
    }
  }
}

extension TextSpec {
  /// - Returns: nil when it is to be guessed.
  fileprivate func inputMapping(_ files: any FileSystem) throws -> InputMapping? {
    var mapping = try self.mapping.map { try InputMapping(file: $0, files: files) }
    if format == .json, mapping?.json == nil { mapping?.json = JSONDialect() }
    return mapping
  }
}

#if Kafka
  extension KafkaSpec {
    fileprivate func inputMapping(_ files: any FileSystem) throws -> InputMapping {
      var result = try InputMapping(file: mapping, files: files)
      switch format {
      case .json: result.json = result.json ?? JSONDialect()
      case .csv: result.json = nil
      }
      return result
    }
  }
#endif

extension GeneratorSpec {
  fileprivate func factory() throws -> any BatchSourceFactory {
    switch kind {
    case .orders:
      var parameters = OrderEvents.Parameters()
      parameters.seed = seed
      parameters.rowsPerSecond = eventsPerSecond ?? rowsPerSecond ?? parameters.rowsPerSecond
      return try OrderEvents(parameters)
    case .states:
      var parameters = OrderStates.Parameters()
      parameters.seed = seed
      return try OrderStates(parameters)
    case .rawOrders:
      var parameters = RawOrders.Parameters()
      parameters.seed = seed
      parameters.eventsPerSecond = eventsPerSecond ?? rowsPerSecond ?? parameters.eventsPerSecond
      return try RawOrders(parameters)
    case .clicks:
      var parameters = ClickEvents.Parameters()
      parameters.seed = seed
      parameters.userCount = userCount ?? parameters.userCount
      parameters.eventsPerSecond = eventsPerSecond ?? rowsPerSecond ?? parameters.eventsPerSecond
      return try ClickEvents(parameters)
    case .product360:
      var parameters = Product360.Parameters()
      parameters.seed = seed
      parameters.userCount = userCount ?? parameters.userCount
      parameters.columnCount = columnCount ?? parameters.columnCount
      return Product360Stream(try Product360(parameters))
    case .tpchRefresh:
      var parameters = TPCHRefresh.Parameters()
      parameters.seed = seed
      parameters.scale = scale ?? parameters.scale
      return try TPCHRefresh(parameters)
    case .users: return try ShopDimension(.users, rowCount: rowCount ?? RawOrders.userCount)
    case .products:
      return try ShopDimension(.products, rowCount: rowCount ?? RawOrders.productCount)
    }
  }
}
