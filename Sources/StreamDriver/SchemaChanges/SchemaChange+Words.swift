import TabletEngine

extension SchemaChange {
  /// For people.
  var words: String {
    switch self {
    case .addColumn(let name, let type, _, _, _): "column \(name) \(type) added"
    case .dropColumn(let name): "column \(name) dropped"
    case .renameColumn(let name, let other): "column \(name) renamed to \(other)"
    case .widenColumn(let name, let type): "column \(name) widened to \(type)"
    case .makeNullable(let name): "column \(name) may be null"
    }
  }
}
