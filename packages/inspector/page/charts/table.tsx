import type { JSX } from 'preact'
import { clockTime } from '../words/time.ts'
import { stepsOf, type ChartData } from './series.ts'

/** A chart as a table, the newest step first, in the place of the drawing. */
export function ChartTable({ data }: { data: ChartData }): JSX.Element {
  const { series, words, caption } = data.table ?? { ...data, caption: data.title }
  const steps = stepsOf({ series })
  return (
    // A region that scrolls must be reachable by keyboard.
    <div class="chart-table" role="region" aria-label={`${data.title}, as a table`} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">from</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: steps }, (_, at) => steps - 1 - at).map((at) => (
            <tr key={at}>
              <th scope="row">{clockTime(data.from + at * data.step)}</th>
              {series.map(({ name, values }) => {
                const value = values[at]
                return (
                  <td key={name} class="number">
                    {value === null || value === undefined ? '–' : words(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
