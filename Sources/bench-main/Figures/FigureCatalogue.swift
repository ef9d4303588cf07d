import StorageBase
import Studies

/// The figures of the notebook.
enum FigureCatalogue {
  /// In virtual time: the same wherever they are made.
  static let simulated: [any Figure] = [
    WriteCostFigure(), GradientCliffFigure(), UniversalLimitFigure(), CollapsedCascadesFigure(),
    StallsFigure(), VersionsOverTimeFigure(), AdaptiveFigure(),
  ]
  /// On real tables: they hold for the machine they were made on.
  static let measured: [any Figure] = [
    DorisFigure(), AgreementFigure(), AdaptiveEngineFigure(),
  ]

  static var figures: [any Figure] { simulated + measured }

  /// - Throws: `StorageError.unknownName` listing the names there are.
  static func figures(named name: String) throws -> [any Figure] {
    if name == "all" { return simulated }
    guard let figure = figures.first(where: { $0.name == name }) else {
      throw StorageError.unknownName(
        kind: "figure", name: name, known: figures.map(\.name) + ["all"])
    }
    return [figure]
  }
}
