import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../src/program.ts'

const WORDS = 8

function commandsOf(command: Command, path = ''): readonly (readonly [string, Command])[] {
  const name = `${path} ${command.name()}`.trim()
  return [[name, command], ...command.commands.flatMap((one) => commandsOf(one, name))]
}

// Returns the number of words, without a default in parentheses and without choices after a colon.
function wordsOf(text: string): number {
  return text
    .replace(/ \(default: .*\)$/, '')
    .replace(/:.*$/, '')
    .split(' ').length
}

describe('help', async () => {
  const commands = commandsOf(await createProgram())

  test.each(commands)(`%s: at most ${WORDS} words for the command and each option`, (_, one) => {
    const texts = [one.description(), ...one.options.map(({ description }) => description)]
    expect(texts.filter((text) => text === '' || wordsOf(text) > WORDS)).toEqual([])
  })

  test('arguments that name a provider are called so', () => {
    const values = commands.flatMap(([, one]) => [
      ...one.registeredArguments.map((each) => each.name()),
      ...one.options.flatMap(({ long, flags }) => (long === '--provider' ? flags : [])),
    ])
    expect(values.filter((value) => /sender|source|name/.test(value))).toEqual([])
    expect(values).toContain('provider')
  })
})
