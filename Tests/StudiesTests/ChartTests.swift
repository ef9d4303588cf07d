import Foundation
import StorageBase
import Testing

@testable import Studies

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ChartTests {
  @Test func axesHoldTheirValuesAndTicksLieOnThem() {
    var random = SeededGenerator(seed: 9)
    for _ in 0..<2000 {
      let scale = exponential(random.nextUnit() * 30 - 9)
      let values = (0..<1 + random.next() % 20).map { _ in (0.01 + random.nextUnit()) * scale }
      for kind in [ChartAxis.Kind.linear, .logarithmic] {
        let axis = ChartAxis(kind, values: values)
        for value in values where axis.shows(value) {
          #expect((-1e-9...1 + 1e-9).contains(axis.place(of: value)), "\(value) of \(axis)")
        }
        #expect(axis.ticks.count <= 24, "\(axis.ticks)")
        #expect(kind == .logarithmic || axis.ticks.count >= 3)
        #expect(Set(axis.ticks.map(\.label)).count == axis.ticks.count, "\(axis.ticks)")
        for tick in axis.ticks {
          #expect((-1e-9...1 + 1e-9).contains(axis.place(of: tick.value)))
        }
      }
    }
  }

  @Test func ticksAreRoundNumbers() {
    #expect(
      ChartAxis(.linear, values: [0, 11.3]).ticks.map(\.label) == [
        "0", "2", "4", "6", "8", "10", "12",
      ])
    #expect(
      ChartAxis(.linear, values: [0.4]).ticks.map(\.label) == ["0", "0.1", "0.2", "0.3", "0.4"])
    #expect(ChartAxis(.linear, values: []).ticks.first?.label == "0")
    let time = ChartAxis(.linear, values: [8.1], endsAtTick: false)
    #expect(time.ticks.map(\.label) == ["0", "2", "4", "6", "8"] && time.high == 8.1)
    #expect(ChartAxis(.linear, values: [-3, 3]).ticks.map(\.value) == [-3, -2, -1, 0, 1, 2, 3])
    #expect(
      ChartAxis(.logarithmic, values: [1, 5000]).ticks.map(\.label) == ["1", "10", "100", "1000"])
    #expect(ChartAxis(.linear, values: [60_000]).ticks.last?.label == "60 k")
    #expect(ChartAxis.niceStep(0.11) == 0.2)
    #expect(ChartAxis.niceStep(20) == 20)
  }

  /// What a browser draws is well-formed, and says only what it was given.
  @Test func pagesAreWellFormed() throws {
    var page = ReportPage(title: "a < b & \"c\"", subtitle: "x")
    page.addHeading("1 < 2")
    page.add(
      Chart(
        "t <&>", x: "s", y: "y", yIsLogarithmic: true,
        series: [
          ChartSeries("line", points: [(0, 1), (1, 0), (2, 100)]),
          ChartSeries(
            "dots & more", .dottedLine, points: [(0, 3)], notes: ["<note>"], isStrong: [true]),
          ChartSeries("bound", .bound, points: [(0, .infinity), (1, 2)]),
        ]))
    page.add(Chart("empty", x: "", y: "", series: []))
    page.add(BarChart("bars", value: "s", bars: [("a&b", 3), ("c", 0)]))
    page.addTable(columns: [("n", true), ("t", false)], rows: [["1", "<b>"]], strong: [0])
    page.beginDetails("more")
    page.endDetails()
    let text = page.html
    #expect(text.contains("1 &lt; 2") && text.contains("&lt;note&gt;"))
    #expect(!text.contains("empty"))
    // The name of SVG is no address to fetch.
    #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains("http"))
    #expect(!text.contains("<script") && !text.contains("src=") && !text.contains("href="))
    let numbers = text.matches(of: /(?:x|y|cx|cy|x1|y1|x2|y2|width|points)="([^"]*)"/).map(\.1)
    #expect(numbers.count > 50)
    for number in numbers {
      #expect(number.allSatisfy { "0123456789.,- ".contains($0) }, "\(number)")
    }
    // HTML of void elements and the doctype aside, it is XML.
    let xml = text.replacing("<!DOCTYPE html>", with: "").replacing(
      /<meta[^>]*>/, with: "")
    let parser = XMLParser(data: Data(xml.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError)) at \(parser.lineNumber)")
  }
}
