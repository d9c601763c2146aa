import { expect, test } from 'vitest'
import { documents, faults, sentences } from './style.ts'

test('sentences are those of paragraphs, items and cells', () => {
  const found = sentences(
    '# A title\n\nOne `a b` is.\nTwo is: three is.\n\n- four is\n\n| a b | c d |\n',
  )
  expect(found).toEqual([
    'A title',
    'One CODE is.',
    'Two is:',
    'three is.',
    'four is',
    'a b',
    'c d',
  ])
})

test('there are documents to judge', () => {
  expect(documents.length).toBeGreaterThan(50)
})

test.each(documents)('%s is written in the style of CONTRIBUTING', (file) => {
  expect(faults(file)).toEqual([])
})
