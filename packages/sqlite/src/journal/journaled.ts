import type { Journaled } from '@postern/core/inbox'
import type { Driver } from '../driver/driver.ts'
import type { Writer } from '../store/writer.ts'
import { createRecordRows } from './records.ts'
import { createRings } from './rings.ts'
import { createSpans } from './spans.ts'

const READS = ['arrivals', 'arrival', 'everySeries', 'spans', 'get', 'list']

/** Makes what the journal and the records of a file are made of: reads as they are, and writes each in a transaction. */
export function createJournaled(
  { main, side }: Pick<Driver, 'main' | 'side'>,
  writer: Pick<Writer, 'write'>,
  reading: <T>(query: () => T) => T,
): Journaled {
  return {
    ...ruled(createRings(main, side)),
    ...ruled(createSpans(main, side)),
    records: ruled(createRecordRows(main, side)),
  }

  function ruled<Parts extends object>(parts: Parts): Parts {
    const all = Object.entries(parts).map(
      ([name, run]: [string, (...args: unknown[]) => unknown]) => [
        name,
        (...args: unknown[]) =>
          READS.includes(name) ? reading(() => run(...args)) : writer.write(() => run(...args)),
      ],
    )
    return Object.fromEntries(all) as Parts
  }
}
