// Plays only the classes whose name contains a word: `node test/faults/classes/one.ts 'clock back' [inbox] [seed]`.
import { classes } from './classes.ts'
import { playClass } from './scene.ts'

const [word = '', only, seed = '1'] = process.argv.slice(2)
for (const one of classes.filter(({ name }) => name.includes(word)))
  for (const inbox of one.inboxes)
    if (only === undefined || only === '' || inbox === only)
      console.log(
        one.name,
        inbox,
        JSON.stringify(await playClass(one, inbox, Number(seed)).catch(String)),
      )
process.exit()
