import type { RulePart } from './rule.ts'
import { openShell } from './inert/bash.ts'
import { copiedCases, pastedCases } from './inert/copied.ts'
import { ALL_LIVE } from './inert/live.ts'
import { argumentCases, fileCases, inboxCases } from './inert/printed.ts'
import { openSink } from './inert/sink.ts'
import { toldCases } from './inert/told.ts'
import { openWorlds } from './inert/world.ts'

/** Rule 1: data from the network reaches a shell, a file, a terminal or an agent unchanged and has no effect there. */
export const inert: RulePart = {
  rule: '1',
  title: 'inert output',
  async open(inboxes, every) {
    const [sink, reply, shell] = [await openSink(), await openSink(ALL_LIVE), openShell()]
    const worlds = await openWorlds(inboxes, sink.url, every)
    const terminals = {
      'with bracketed paste': await shell.terminal(true),
      'without bracketed paste': await shell.terminal(false),
    }
    return {
      cases: [
        ...worlds.flatMap((world) => copiedCases(world, sink, shell)),
        ...pastedCases(worlds[0]!, sink, shell, terminals),
        ...worlds.flatMap(toldCases),
        ...worlds.flatMap((world) => inboxCases(world, every)),
        ...(await argumentCases(every)),
        ...fileCases(reply, every),
      ],
      async close() {
        for (const terminal of Object.values(terminals)) terminal.close()
        for (const world of worlds) await world.close()
        shell.close()
        await Promise.all([sink.close(), reply.close()])
      },
    }
  },
}
