import type { ChartsReply, Values } from '../../src/api/charts.ts'

/** One series of a chart: one value per step, null if unknown. */
export interface ChartSeries {
  readonly name: string
  readonly values: Values
  /** CSS class that sets the color of the series and, for lines, the dashes. */
  readonly tone: string
}

export interface ChartData {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly from: number
  readonly step: number
  /** `bars`: the series are stacked on each other. `lines`: each series is a line. */
  readonly shape: 'bars' | 'lines'
  readonly scale: 'linear' | 'decades' | 'zero'
  readonly words: (value: number) => string
  /** Set if the table has other values than the chart: for example, counts instead of rates. */
  readonly table?: {
    readonly caption: string
    readonly series: readonly ChartSeries[]
    readonly words: (value: number) => string
  }
  /** Index of the last step that has ended. While no step is chosen, the legend shows the values of this step. */
  readonly whole: number
  /** Actions of people and new versions in this range. */
  readonly marks: ChartsReply['marks']
  /** Returns the link to the list of deliveries in a step. */
  readonly link?: (from: number, to: number) => string
}

export function stepsOf({ series }: Pick<ChartData, 'series'>): number {
  return Math.max(0, ...series.map(({ values }) => values.length))
}
