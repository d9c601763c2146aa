import { expect, test } from 'vitest'
import { published } from '../release/home.ts'
import { undocumented } from './jsdoc.ts'

const packages = published().map((one) => [one.manifest.name, one] as const)

test.each(packages)(
  'the docstrings of %s start with a verb, and say what is thrown and which unit a number has',
  (_, one) => {
    expect(undocumented(one)).toEqual([])
  },
)
