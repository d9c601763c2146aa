import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  isDeeper,
  parseJson,
  stringifyJson,
  hasMoreNodes,
} from '../../packages/core/src/body/json.ts'
import type { Bounds } from '../../packages/core/src/explain/bounds.ts'
import { laidOut, LAYOUTS } from '../../packages/core/src/explain/body/json-layout.ts'
import { byKey, integersLast, reordered } from '../../packages/core/src/explain/body/json.ts'
import { escapesFor, rewritten } from '../../packages/core/src/explain/body/json-strings.ts'
import { tokensOf, type JsonToken } from '../../packages/core/src/explain/body/json-layout.ts'
import { chars, pieced } from './mutate.ts'
import { read } from './rejection.ts'
import { target, type FuzzTarget } from './target.ts'

const PIECES = [
  ...chars('{}[],:"\\ \n'),
  '{"',
  '":',
  '"a"',
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '\\"',
  '\\\\',
  '\\u0041',
  '\\ud800',
  '\uFEFF',
  'null',
  'true',
  '-0',
  '1e999',
  '9007199254740993',
  '-123456789012345678901',
  '1.50',
  '\u2028',
]
const DEPTH = 8
const never: Bounds = {
  over: () => false,
  take: () => true,
  turn: () => undefined,
  stats: () => ({ attempts: 0, ms: 0, stopped: false }),
}

/** Compares the JSON reader with `JSON.parse`, and the writer of `explain` with the reader. */
export const jsonTargets: readonly FuzzTarget[] = [
  target('parsers', 'json: text', () =>
    fc.property(fc.oneof(pieced(PIECES, 40), fc.json({ maxDepth: 10 })), (text) => {
      const ours = read(() => parseJson(text, { depth: DEPTH }))
      const theirs = plain(text)
      if (theirs === undefined) return assert.equal(ours.code, expectedRejection(text))
      const depth = depthOf(theirs.value)
      if (depth > DEPTH) return assert.equal(ours.code, 'too_deep')
      assert.equal(ours.code, undefined)
      assert.deepEqual(ours.value, withoutPoison(theirs.value))
      assert.equal(isDeeper(withoutMark(text), depth), false)
      if (depth > 0) assert.equal(isDeeper(withoutMark(text), depth - 1), true)
    }),
  ),
  target('parsers', 'json: every digit', () =>
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(fc.bigInt()), (any, numbers) => {
      const given = { value: withoutPoison(any), numbers }
      const text = stringifyJson(given)
      const back = parseJson(text, { depth: 100, exact: true }) as typeof given
      assert.deepEqual(back.numbers.map(BigInt), numbers)
      assert.equal(stringifyJson(back), text)
    }),
  ),
  target('parsers', 'json: count of values', () =>
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      const count = 1 + marksOf(value)
      assert.equal(hasMoreNodes(text, count), false)
      if (count > 1 && text.length > (count - 1) * 2)
        assert.equal(hasMoreNodes(text, count - 1), true)
    }),
  ),
  target('parsers', 'json: written again', () =>
    fc.property(
      fc.oneof(
        fc.json({ maxDepth: 4 }),
        fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 2)),
      ),
      (text) => {
        const tokens = tokensOf(text, never)
        if (!tokens) return
        const value: unknown = JSON.parse(text)
        for (const layout of LAYOUTS) same(laidOut(tokens, layout), value)
        for (const order of [byKey, integersLast]) same(joined(reordered(tokens, order)), value)
        for (const by of escapesFor(text))
          same(
            joined(tokens.map((token) => (token[0] === '"' ? rewritten(token, by) : token))),
            value,
          )
      },
    ),
  ),
  target('parsers', 'json: tokens of what is no JSON', () =>
    fc.property(pieced(PIECES, 40), (text) => {
      const tokens = tokensOf(text, never)
      if (!tokens) return
      for (const layout of LAYOUTS) laidOut(tokens, layout)
      for (const order of [byKey, integersLast]) reordered(tokens, order)
      for (const by of escapesFor(text))
        for (const token of tokens) if (token[0] === '"') rewritten(token, by)
    }),
  ),
]

function joined(tokens: readonly JsonToken[]): string {
  return tokens.join('')
}

function same(text: string | undefined, value: unknown): void {
  if (text !== undefined) assert.deepEqual(JSON.parse(text), value)
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function plain(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(withoutMark(text)) as unknown }
  } catch {
    return undefined
  }
}

// For invalid JSON, the rejection names either the depth or the syntax.
function expectedRejection(text: string): string {
  return isDeeper(withoutMark(text), DEPTH) ? 'too_deep' : 'malformed_body'
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** Counts the commas, colons and opening brackets in the JSON text of the value. */
function marksOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  const commas = Math.max(0, inner.length - 1)
  const colons = Array.isArray(value) ? 0 : inner.length
  return 1 + commas + colons + inner.reduce<number>((sum, one) => sum + marksOf(one), 0)
}

function withoutPoison(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutPoison)
  const entries = Object.entries(value).filter(
    ([key, member]) =>
      key !== '__proto__' &&
      !(
        key === 'constructor' &&
        typeof member === 'object' &&
        member !== null &&
        // Checks the value as it was before `__proto__` is removed.
        Object.hasOwn(member as object, 'prototype')
      ),
  )
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutPoison(member)]))
}
