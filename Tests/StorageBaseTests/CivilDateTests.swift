import StorageBase
import Testing

struct CivilDateTests {
  /// Walks every day of eight centuries with nothing but the lengths of months.
  @Test func agreesWithACalendarWalk() {
    // 1600-01-01: 370 years before the epoch, of which 89 or 90 days are leap days. The walk itself
    // proves the number, since it must meet 1970-01-01 at 0.
    var days = -135_140
    var meetsEpoch = false
    for year in 1600...2400 {
      let isLeap = year.isMultiple(of: 400) || (year.isMultiple(of: 4) && !year.isMultiple(of: 100))
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      for (index, length) in lengths.enumerated() {
        for day in 1...length {
          let date = CivilDate(daysSinceEpoch: days)
          guard date.year == year, date.month == index + 1, date.day == day,
            date.daysSinceEpoch == days
          else {
            Issue.record("day \(days) is \(date), not \(year)-\(index + 1)-\(day)")
            return
          }
          if days == 0 { meetsEpoch = (year, index, day) == (1970, 0, 1) }
          days += 1
        }
        #expect(CivilDate(year: year, month: index + 1, day: length + 1) == nil)
      }
    }
    #expect(meetsEpoch)
  }

  /// The far ends of what a 32-bit date holds.
  @Test func extremesRoundTrip() {
    for days in [Int(Int32.min), Int(Int32.min) + 1, -719_529, -719_528, -1, Int(Int32.max)] {
      let date = CivilDate(daysSinceEpoch: days)
      #expect(date.daysSinceEpoch == days)
      #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
    }
  }

  @Test func daysThatDoNotExist() {
    for (year, month, day) in [
      (2023, 2, 29), (1900, 2, 29), (2023, 4, 31), (2023, 0, 1), (2023, 13, 1), (2023, 1, 0),
      (2023, 1, 32),
    ] {
      #expect(CivilDate(year: year, month: month, day: day) == nil, "\(year)-\(month)-\(day)")
    }
    #expect(CivilDate(year: 2000, month: 2, day: 29) != nil)
  }

  @Test func descriptions() {
    #expect(CivilDate(daysSinceEpoch: 0).description == "1970-01-01")
    #expect(CivilDate(daysSinceEpoch: -719_162).description == "0001-01-01")
    #expect(CivilDate(daysSinceEpoch: 20_000).description == "2024-10-04")
    #expect(CivilDate(daysSinceEpoch: -800_000).description.hasPrefix("-0221-"))
  }

  @Test func divisionsRoundAsNamed() {
    for dividend in -50...50 {
      for divisor in 1...9 {
        let floored = dividend.flooredDivision(by: divisor)
        #expect(floored * divisor <= dividend && (floored + 1) * divisor > dividend)
        if dividend >= 0 {
          let ceiling = dividend.ceilingDivision(by: divisor)
          #expect(ceiling * divisor >= dividend && (ceiling - 1) * divisor < dividend)
        }
      }
    }
    #expect(Int.max.ceilingDivision(by: 2) == Int.max / 2 + 1)
    #expect(Int.min.flooredDivision(by: 1) == Int.min)
  }
}
