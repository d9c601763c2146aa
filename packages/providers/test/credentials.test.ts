import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { TABLE, variantsOf, wantedTable } from './credentials.ts'

test("core's table has the credentials of all senders: run `node packages/providers/test/write.ts`", () => {
  expect(readFileSync(TABLE, 'utf8')).toBe(wantedTable())
})

test.each([...catalogue.values()])('$name was made to look for them', (about) => {
  expect(variantsOf(about).length).toBeGreaterThan(0)
})
