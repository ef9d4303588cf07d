/// What a plan of merges is made by. The unit of cost and of size is one load of the usual size.
struct PlanningCosts {
  /// What queries between two loads pay for one rowset.
  var read: Double
  /// What a merge costs beside its inputs.
  var merge: Double
  /// Loads that come while one load is merged.
  var pace = 0.0
  /// Tablets that wait while a merge of one of them runs.
  var waitingTablets = 1.0
  /// For how long there has been no load, in times between loads, at least 1. The next one is taken
  /// to be as far away.
  var silence = 1.0

  /// What a merge of inputs of that size costs. While it runs loads pile up in proportion to how
  /// long it takes, and have to be read for as long.
  func write(_ size: Double) -> Double {
    merge + size + read * waitingTablets / silence * pace * pace / 2 * size * size
  }

  /// What reads of some rowsets cost while inputs of that size are merged.
  func reads(of rowsetCount: Int, whileMerging size: Double) -> Double {
    read * Double(rowsetCount) * pace * size
  }
}
