import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Bytes, gzipped, of what a page loads. */
export interface Sizes {
  readonly pages: number
  readonly html: Largest
  /** Scripts of a page, without those of search and explain. */
  readonly script: Largest
  readonly worker: number
  readonly publicKeys: number
  readonly sender: Largest
}

/** The largest of several, by name. */
export interface Largest {
  readonly bytes: number
  readonly of: string
}

// Loaded when a reader searches, or uses the form.
const APART = /ui-core|Search\.|explain\.astro/

/** Measures the built site. */
export function sizesOf(dist: string, senders: readonly string[]): Sizes {
  const html = globSync('**/*.html', { cwd: dist }).toSorted()
  const size = (file: string): number =>
    gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
  const scripts = (file: string): number =>
    [
      ...new Set(
        Array.from(
          readFileSync(join(dist, file), 'utf8').matchAll(/src="?\/(_astro\/[^"\s>]+\.js)/g),
          ([, src]) => src!,
        ),
      ),
    ]
      .filter((src) => !APART.test(src))
      .reduce((sum, src) => sum + size(src), 0)
  const chunks = globSync('explain/*.js', { cwd: dist })
  const chunk = (name: string): number =>
    size(chunks.find((file) => basename(file).startsWith(name))!)
  const own = chunks.filter((file) => senders.some((name) => basename(file).startsWith(`${name}-`)))
  return {
    pages: html.length,
    html: largest(html, size),
    script: largest(html, scripts),
    worker: chunk('worker.js'),
    publicKeys: chunk('public-keys'),
    sender: largest(own, size),
  }
}

function largest(files: readonly string[], size: (file: string) => number): Largest {
  const [first] = files.map((of) => ({ of, bytes: size(of) })).toSorted((a, b) => b.bytes - a.bytes)
  return first!
}
