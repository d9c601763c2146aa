// One point of a range, in a process of its own, so that one point's heap is no other's. Arguments: the case, the value.
// Answers a message, a number of deliveries, with the CPU microseconds of each.
import { cpuOf } from '../../services/figures.ts'
import { CASES } from './growth-cases.ts'

const run = await CASES[process.argv[2]!]!(Number(process.argv[3]))
process.on('message', (count: number) => {
  void cpuOf(() => run(count)).then((cpu) => process.send!(cpu / count))
})
process.on('disconnect', () => process.exit())
process.send!('ready')
