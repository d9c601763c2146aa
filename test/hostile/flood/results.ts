import type { FloodReport } from './flood.ts'

const NOT_SHOWN = `## What floods do not show

- Flood, owner, sender and app share one machine, over loopback and without TLS. A real network drops what this one delivers.
- Load that other programs put on the machine is not measured. It makes a flood take longer than its 20 seconds.
- All requests come from one address, so that the page's bound for an address holds for all of them at once. Many addresses are not
  played here.
- Beside copied heads a genuine rejection cannot be told apart. Of 10,000 copies about 40 keep their bodies, so that of
  20 genuine rejections mostly none does. That the sample is uniform is seen by the marked copies.
- 20 seconds say nothing of hours. [Twenty minutes of load](../soak/RESULTS.md) is another run.
- BullMQ and PostgreSQL are not played here; the rules above are, on all inboxes.
`

export function floodText(reports: readonly FloodReport[]): string {
  return `## Floods

1,000 hostile requests a second for 20 seconds, half to the inspector's sign-in and half to the receiver. Meanwhile the owner signs in
once a second, 200 genuine deliveries of known tenants are sent, and 20 genuine ones with an old secret are rejected. Invented heads
are an attacker's own. Copied heads are those of genuine deliveries, with another signature; half of the copies are marked, and stand
for the genuine rejections.

${reports.map(({ lines, wrong }) => `\`\`\`text\n${[...lines, ...wrong.map((one) => `wrong: ${one}`)].join('\n')}\n\`\`\``).join('\n\n')}

${NOT_SHOWN}`
}
