import { NAMES, story } from './story.ts'

// `npm test -- story` prints the story of each inbox.
for (const name of NAMES) {
  console.log(
    `\n${name}, asked ${name === 'memory' ? 'in the same process' : 'from another process'}`,
  )
  for (const line of await story(name))
    console.log(line.endsWith('?') ? `  ${line}` : `    ${line}`)
}
