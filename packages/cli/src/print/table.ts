import { clipped, columnsOf, shortened, squeezed, widthOf, wrapped } from './width.ts'

interface TableOptions {
  /**
   * Headers of columns to leave out if the terminal is too narrow, in this order. Cells of these columns are first
   * shortened to 28 characters. Other columns keep their width, except the last column, which is cut.
   *
   * @default []
   */
  readonly drops?: readonly string[]
  /**
   * True if the last column continues on further lines, instead of being cut.
   *
   * @default false
   */
  readonly wraps?: boolean
  /**
   * Maximum width of a line, in columns.
   *
   * @default the width of the terminal; in a pipe, no maximum
   */
  readonly columns?: number
}

const GAP = 2
// Maximum width of a cell in a column of `drops`, if the table is too wide. If the table is still too wide, columns are
// left out.
const NAME = 28
// Minimum width of the last column. If the last column has less room, another column is left out.
const LAST = 16

/**
 * Returns rows in aligned columns. No line is wider than the terminal. The first row has the headers. Without `wraps`,
 * numbers are aligned to the right.
 */
export function table(
  rows: readonly (readonly string[])[],
  { drops = [], wraps = false, columns = columnsOf() }: TableOptions = {},
): string {
  const [heads = []] = rows
  const { cells, widths } = fitted(rows, drops, columns)
  const last = widths.length - 1
  const start = widths.slice(0, last).reduce((sum, width) => sum + width + GAP, 0)
  return cells
    .flatMap((row) => {
      const all = row.map((cell, at) => padded(cell, widths[at]!))
      const line = all.join(' '.repeat(GAP))
      // If the other columns leave too little room, the last column continues below them.
      if (wraps) return wrapped(line.trimEnd(), columns, start + LAST > columns ? GAP : start)
      const cut = shortened(all[last]!.trimEnd(), columns - start)
      return [clipped([...all.slice(0, last), cut].join(' '.repeat(GAP)).trimEnd(), columns)]
    })
    .join('\n')

  function padded(cell: string, width: number): string {
    const blank = ' '.repeat(Math.max(0, width - widthOf(cell)))
    return !wraps && heads.length > 1 && NUMBER.test(cell) ? blank + cell : cell + blank
  }
}

const NUMBER = /^[\d,.]+(?: (?:ms|s|min|h|d|B))?$/

function fitted(
  rows: readonly (readonly string[])[],
  drops: readonly string[],
  columns: number,
): { readonly cells: readonly (readonly string[])[]; readonly widths: readonly number[] } {
  const heads = rows[0] ?? []
  const order = [...drops]
  let places = heads.map((_, at) => at)
  let cells = rows
  let widths = measured()
  const isWide = (most: number): boolean =>
    widths.reduce((sum, width, at) => {
      const isLast = at === widths.length - 1
      return sum + (isLast ? Math.min(width, most) : width + GAP)
    }, 0) > columns
  if (isWide(Infinity)) {
    cells = rows.map((row) =>
      row.map((cell, at) => (drops.includes(heads[at]!) ? squeezed(cell, NAME) : cell)),
    )
    widths = measured()
  }
  while (isWide(LAST) && order.length > 0) {
    const out = order.shift()
    places = places.filter((at) => heads[at] !== out)
    widths = measured()
  }
  return { cells: cells.map((row) => places.map((at) => row[at] ?? '')), widths }

  function measured(): readonly number[] {
    return places.map((at) =>
      cells.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), 0),
    )
  }
}
