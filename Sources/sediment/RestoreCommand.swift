import ArgumentParser
import StorageIO
import TabletEngine

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Makes a store of a backup, once its checksums hold.",
    discussion: """
      The backup stays as it is, and may lie on a device that cannot be written. Every page of the \
      new store is read and checked before it counts; a damaged backup is refused, with the place. \
      To go back to an older state move the present store away first: nothing is overwritten.

      EXAMPLES
        mv DIR DIR.old && sediment restore /backups/monday DIR
        sediment restore /backups/monday /tmp/look --link   at once, sharing bytes with the backup

      EXIT CODES
        0 done   1 the backup is damaged   64 the destination will not do   66 cannot be read
        73 cannot be written   130 interrupted
      """)

  @Argument(help: "A directory that `sediment backup` made.")
  var backup: String

  @Argument(help: "A new or empty directory.")
  var destination: String

  @Flag(help: "Link segments instead of copying them; damage would hit backup and store.")
  var link = false

  func run() throws {
    let restoring = CopyRun(source: backup, destination: destination, verb: "restored")
    try restoring.run { isCancelled, onProgress in
      try StoreRestore(backup, files: PosixFileSystem()).run(
        to: destination, mode: link ? .link : .copy, isCancelled: isCancelled,
        onProgress: onProgress)
    }
  }
}
