import { NAMES, story } from './story.ts'

// `node test/run/bootstrap.mjs story`: the story of each inbox, as people read it.
for (const name of NAMES) {
  console.log(
    `\n${name}, asked ${name === 'memory' ? 'in the same process' : 'from another process'}`,
  )
  for (const line of await story(name))
    console.log(line.endsWith('?') ? `  ${line}` : `    ${line}`)
}
