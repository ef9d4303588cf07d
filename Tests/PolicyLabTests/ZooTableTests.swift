import PolicyLab
import Testing

/// Figures computed by another program, with exact integers: bytes written, greatest and mean
/// number of settled components after 2, 8, 32, 128, 512 and 2048 flushes.
private let published = """
  tiered:t=2|4/1/1.000|32/3/1.625|192/5/2.531|1024/7/3.508|5120/9/4.502|24576/11/5.500
  tiered:t=4|2/2/1.500|16/4/2.250|96/7/3.562|512/10/5.016|2560/13/6.504|12288/16/8.001
  leveled:t=4|4/1/1.000|34/2/1.375|208/3/2.031|1120/4/2.758|5632/5/3.502|27136/6/4.250
  leveled:t=10|4/1/1.000|43/1/1.000|246/2/1.625|1371/3/1.984|7368/3/2.592|36789/4/3.189
  lazy-leveled:t=4|4/1/1.000|29/4/1.750|153/7/3.062|745/10/4.516|3497/13/6.004|16041/16/7.501
  collapsed:b=2|4/1/1.000|24/3/1.625|128/5/2.531|640/7/3.508|3072/9/4.502|14336/11/5.500
  constant:k=4|2/2/1.500|13/4/2.500|151/4/2.500|2143/4/2.500|33151/4/2.500|525823/4/2.500
  bigtable:k=4|2/2/1.500|13/4/2.500|100/4/2.812|630/4/3.266|4550/4/3.637|46880/4/3.843
  binomial:k=4|4/1/1.000|20/3/1.750|102/4/2.750|658/4/3.281|3976/4/3.543|22429/4/3.695
  min-latency:k=4|2/2/1.500|13/4/2.500|91/4/3.031|702/4/3.328|4040/4/3.549|22548/4/3.694
  universal:trigger=4|2/2/1.500|15/3/2.125|110/4/2.719|830/4/3.273|7345/4/3.658|87274/4/3.853
  exploring|2/2/1.500|17/3/1.875|111/4/2.500|565/6/3.352|3089/7/4.107|14438/8/4.947
  num-based|2/2/1.500|13/4/2.500|137/6/3.000|723/9/4.180|6367/9/4.779|87213/9/4.952
  gradient|2/2/1.500|13/4/2.500|87/6/3.125|602/7/3.977|3560/8/4.721|15904/11/5.595
  OPT(2)|2|17|147|1255|10447|85407
  OPT(4)|2|12|78|522|3330|20449
  OPT(10)|2|8|54|309|1688|8880
  """

@Suite struct ZooTableTests {
  @Test func equalsThePublishedOne() throws {
    let table = try ZooTable()
    let rows =
      table.policies.map { ([$0.spec] + $0.cells.map(\.description)).joined(separator: "|") }
      + table.optima.map {
        (["OPT(\($0.bound))"] + $0.buildCounts.map { "\($0)" }).joined(separator: "|")
      }
    let expected = published.split(separator: "\n").map(String.init)
    #expect(rows.count == expected.count)
    for (found, row) in zip(rows, expected) { #expect(found == row) }
  }
}
