// Measures one value of a case in its own process, so that values do not share a heap. Arguments: the case and the
// value. Each message is a number of deliveries. The answer is their CPU time per delivery, in microseconds.
import { cpuOf } from '../../services/figures.ts'
import { CASES } from './growth-cases.ts'

const run = await CASES[process.argv[2]!]!(Number(process.argv[3]))
process.on('message', (count: number) => {
  void cpuOf(() => run(count)).then((cpu) => process.send!(cpu / count))
})
process.on('disconnect', () => process.exit())
process.send!('ready')
