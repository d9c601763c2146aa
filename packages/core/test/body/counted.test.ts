import { describe, expect, test } from 'vitest'
import { endOfString, isDeeper, hasMoreNodes } from '../../src/body/json.ts'
import { hasMoreTags } from '../../src/body/xml/xml.ts'

// These checks count before anything is parsed. A value at the limit passes, and one more is rejected.

describe('the depth of JSON', () => {
  test.each([
    ['1', 0],
    ['[]', 1],
    ['{}', 1],
    ['[[],[]]', 2],
    ['{"a":{},"b":[]}', 2],
    ['[{"a":[1]},[]]', 3],
    ['"[[["', 0],
    ['["[", "]", "{{"]', 1],
    [String.raw`["\"[[", "\\", ["\\\"["]]`, 2],
    [String.raw`["\\", [1]]`, 2],
  ])('of %s is %i', (json, depth) => {
    expect(isDeeper(json, depth)).toBe(false)
    if (depth > 0) expect(isDeeper(json, depth - 1)).toBe(true)
  })

  test.each([
    ['"a"b', 2],
    [String.raw`"\""b`, 3],
    [String.raw`"\\"b`, 3],
    [String.raw`"\\\""b`, 5],
    ['"abc', 4],
  ])('the string that begins %s ends at %i', (json, end) => {
    expect(endOfString(json, 0)).toBe(end)
  })
})

describe('the values of JSON', () => {
  test.each([
    ['[1,2,3]', 4],
    ['{"a":1,"b":2}', 5],
    ['[[],{}]', 5],
    ['["1,2:3[{"]', 2],
    [String.raw`["\",",1]`, 3],
  ])('in %s are %i at most', (json, nodes) => {
    // A text with less than two characters per node needs no count, so spaces make this text longer.
    const long = json + ' '.repeat(2 * nodes)
    expect(hasMoreNodes(long, nodes)).toBe(false)
    expect(hasMoreNodes(long, nodes - 1)).toBe(true)
  })
})

describe('the elements and attributes of XML', () => {
  test.each([
    ['<a></a>', 1],
    ['<a/>', 1],
    ['<a><b></b><c/></a>', 3],
    ['<a b="1" c="2"/>', 3],
    ['<a b="1"><c d="2">t</c></a>', 4],
    ['text', 0],
  ])('of %s are %i', (xml, count) => {
    const long = xml + ' '.repeat(4 * count + 1)
    expect(hasMoreTags(long, count)).toBe(false)
    if (count > 0) expect(hasMoreTags(long, count - 1)).toBe(true)
  })

  test('are at most a fourth of the characters', () => {
    expect(hasMoreTags('<<<<', 1)).toBe(false)
    expect(hasMoreTags('<<<<<', 1)).toBe(true)
  })
})
