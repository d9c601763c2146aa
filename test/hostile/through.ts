import { expect, test } from 'vitest'
import type { HostileCase } from './case.ts'
import { hosts } from './hosts.ts'
import { playAll } from './play.ts'
import { told } from './report.ts'

/** Defines a test for each of these hosts: every one of the cases gets the reply it must get. `keeps` as of `playAll`. */
export function testThrough(
  chosen: (name: string) => boolean,
  cases: Promise<readonly HostileCase[]>,
  keeps = true,
): void {
  test.each(hosts.filter(({ name }) => chosen(name)))(
    'every case gets the reply it must get through $name',
    { timeout: 600_000 },
    async ({ open }) => {
      const host = await open()
      try {
        const verdicts = await playAll(await cases, host, keeps)
        expect(told(verdicts.filter(({ wrong }) => wrong !== undefined))).toEqual([])
        expect(verdicts.filter(({ accepted, crashed }) => accepted || crashed)).toEqual([])
      } finally {
        await host.close()
      }
    },
  )
}
