import ArgumentParser
import BenchKit
import StorageBase
import StorageIO
import Studies

struct FigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figure",
    abstract: "Makes the CSV files that a figure of the notebook is drawn from.",
    discussion: """
      Without a name it lists the figures. Simulated ones are the same to the last byte wherever \
      they are made.

      EXAMPLES
        bench figure
        bench figure write-cost gradient-cliff
        bench figure all --out notebooks-data
      """)

  @Argument(help: "Names of figures, or all for the simulated ones.")
  var names: [String] = []

  @Option(help: "The folder that the files are written to.")
  var out = "notebooks-data"

  func run() throws {
    try withErrorsReported {
      guard !names.isEmpty else {
        var table = TextTable([.init("figure", .leading), .init("what it shows", .leading)])
        for figure in FigureCatalogue.figures { table.append([figure.name, figure.summary]) }
        print(table.text)
        return
      }
      let figures = try names.flatMap { try FigureCatalogue.figures(named: $0) }
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let progress = ProgressReporter(clock: SystemClock())
      try createDirectories(out)
      for figure in figures {
        let files = try figure.files { note in
          if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
          progress.update("\(figure.name): \(note)")
        }
        progress.finish()
        for file in files {
          try save(file.text, "\(out)/\(file.name)")
          print("\(out)/\(file.name)")
        }
      }
    }
  }
}
