import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { assets } from '../../src/assets.ts'

const build = fileURLToPath(new URL('../../page/build.ts', import.meta.url))

test('assets.ts is what the page builds to', () => {
  const { status, stderr } = spawnSync(process.execPath, [build, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test('the script has at most 30 KB, gzipped', () => {
  expect(gzipSync(assets.script).length).toBeLessThanOrEqual(30_000)
})

test('the document has nothing that the policy forbids', () => {
  expect(assets.html).not.toMatch(
    /<style|\son\w+=|<script(?![^>]*src=)|https?:\/\/(?!www\.w3\.org)/,
  )
})
