import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))

// These examples do not need closeOnSignal: the platform or Nest's hooks end them, or another test checks them
// (`hosts`).
const ENDED_BY_OTHERS = [
  'next-serverless',
  'cloudflare-github',
  'hono-workers',
  'lambda',
  'nest',
  'nest-typeorm',
  'hosts',
]

test.each(readdirSync(folder).filter((name) => !ENDED_BY_OTHERS.includes(name)))(
  '%s ends by closeOnSignal',
  (name) => {
    const files = readdirSync(`${folder}${name}`).filter((file) => file.endsWith('.ts'))
    const sources = files.map((file) => readFileSync(`${folder}${name}/${file}`, 'utf8'))
    expect(sources.some((source) => source.includes('closeOnSignal({'))).toBe(true)
  },
)
