import ArgumentParser
import StorageIO
import TabletEngine

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Writes a store, as it is now, to another directory.",
    discussion: """
      The backup is a store that can be queried and verified like any other. Segments never \
      change, so on one device they are linked, which takes neither time nor room: the bytes stay \
      until both stores have let go of them. What damages the disk damages both, though; --copy \
      makes bytes of its own, and so does a destination on another device.

      Every page of the backup is read and checked before it counts. The program ends before that \
      if anything fails, and then leaves nothing that looks like a store.

      EXAMPLES
        sediment backup DIR /backups/monday
        sediment backup DIR /backups/tuesday --copy
        sediment restore /backups/monday DIR

      EXIT CODES
        0 done   1 the store is damaged   64 the destination will not do   66 cannot be read
        73 cannot be written   130 interrupted
      """)

  @OptionGroup var store: StoreArgument

  @Argument(help: "A new or empty directory outside of the store.")
  var destination: String

  @Flag(help: "Copy every byte instead of linking files.")
  var copy = false

  func run() throws {
    let opened = store.open()
    let copying = CopyRun(source: store.directory, destination: destination, verb: "backed up")
    try copying.run { isCancelled, onProgress in
      try opened.backup(
        to: destination, mode: copy ? .copy : .link, isCancelled: isCancelled,
        onProgress: onProgress)
    }
  }
}
