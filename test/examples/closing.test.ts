import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))

test.each(readdirSync(folder).filter((name) => name !== 'next-serverless'))(
  '%s ends by closeOnSignal',
  (name) => {
    const files = readdirSync(`${folder}${name}`).filter((file) => file.endsWith('.ts'))
    const sources = files.map((file) => readFileSync(`${folder}${name}/${file}`, 'utf8'))
    expect(sources.some((source) => source.includes('closeOnSignal({'))).toBe(true)
  },
)
