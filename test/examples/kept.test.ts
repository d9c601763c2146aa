import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { boxed } from '../../examples/start/box.ts'
import { readSecrets } from '../../examples/start/secrets.ts'

test('the second start has the secrets of the first, which nobody else can read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'webhooks.db-secrets')
  const first = readSecrets(path)
  expect(readSecrets(path)).toEqual(first)
  expect(new Set(Object.values(first)).size).toBe(9)
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('the last lines fit a terminal of 80 columns with the address whole, and are plain without one', () => {
  // An address of the same length as one with a real key.
  const address = `http://localhost:3000/postern#key=${'k'.repeat(43)}`
  const words = 'one two three four five six seven eight nine ten'
  const lines = boxed([`${words} ${words}`, address], false, 80).split('\n')
  expect(lines.every((line) => line.length <= 80)).toBe(true)
  expect(lines[3]).toBe(address)
  expect(lines.join('')).not.toContain('\u001B')
  const narrow = boxed([words], false, 30).split('\n')
  expect(narrow.every((line) => line.length <= 30)).toBe(true)
  expect(boxed(['http://x'], true)).toContain('\u001B[36mhttp://x')
})
