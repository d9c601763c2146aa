import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseRequest } from '../src/request/request-file.ts'
import { MOST_FILE, readRegular } from '../src/request/regular-file.ts'
import { postern } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-'))
const pipe = join(folder, 'pipe')
const link = join(folder, 'link')
const NONE = 'must be a regular file'
const ENDLESS = [pipe, link, folder, '/dev/zero', '/dev/null', '/dev/random']

beforeAll(() => {
  execFileSync('mkfifo', [pipe])
  symlinkSync('/dev/zero', link)
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each(ENDLESS)('%s is rejected at once, and so is a curl command that sends it', (path) => {
  expect(() => readRegular(path)).toThrow(NONE)
  for (const flag of ['--data-binary', '--data', '--json'])
    expect(() =>
      parseRequest(Buffer.from(`curl https://x.example ${flag} @${path}`), {
        readFile: readRegular,
      }),
    ).toThrow(NONE)
})

test.each(ENDLESS.slice(0, 4))('explain and send do not read %s', async (path) => {
  const commands = [
    ['explain', path, '-p', 'github', '-s', 'x'],
    ['explain', 'https://x.example', '-p', 'github', '-s', 'x', '--data-binary', `@${path}`],
    ['send', 'github', 'push', '--to', 'http://127.0.0.1:9', '-s', 'x', '--data', `@${path}`],
  ]
  for (const command of commands) {
    const { code, err } = await postern(command)
    expect([code, err]).toEqual([2, expect.stringContaining(NONE)])
  }
})

test('a file may have 64 MiB, and not a byte more', () => {
  const file = join(folder, 'large')
  writeFileSync(file, '')
  truncateSync(file, MOST_FILE)
  expect(readRegular(file)).toHaveLength(64 * 2 ** 20)
  truncateSync(file, MOST_FILE + 1)
  expect(() => readRegular(file)).toThrow(`at most ${MOST_FILE} bytes`)
})
