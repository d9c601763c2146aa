import type { ChartsReply, Values } from '../../src/api/charts.ts'

/** One series of a chart: one value per step, null if unknown. */
export interface ChartSeries {
  readonly name: string
  readonly values: Values
  /** The class that sets its color and, for lines, its dashes. */
  readonly tone: string
}

export interface ChartData {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly from: number
  readonly step: number
  /** Bars are on each other; lines cross. */
  readonly shape: 'bars' | 'lines'
  readonly scale: 'linear' | 'decades' | 'zero'
  /** A value in words, for the legend and the axis. */
  readonly words: (value: number) => string
  /** The table, if it shows other values than the chart: counts instead of rates. */
  readonly table?: {
    readonly caption: string
    readonly series: readonly ChartSeries[]
    readonly words: (value: number) => string
  }
  /** The last step that is over: its values are those of now. */
  readonly whole: number
  /** Actions of people and new versions in this range. */
  readonly marks: ChartsReply['marks']
  /** The list behind one step. */
  readonly link?: (from: number, to: number) => string
}

export function stepsOf({ series }: Pick<ChartData, 'series'>): number {
  return Math.max(0, ...series.map(({ values }) => values.length))
}
