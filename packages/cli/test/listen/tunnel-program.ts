// Imitates the tunnel program $PROGRAM: prints what it prints, and forwards from an "edge" on this machine to the given
// port. $TUNNEL_MODE chooses a failure. For each host name, the folder $EDGE has a file with the port of the edge,
// which hook.ts reads. Sources of the printed texts:
//   cloudflared: github.com/cloudflare/cloudflared cmd/cloudflared/tunnel/quick_tunnel.go at 022b542, and logs of
//     2026.8
//   ngrok: logs of the agent 3 with --log stdout --log-format json, options: https://ngrok.com/docs/agent/cli
//   tailscale: github.com/tailscale/tailscale cmd/tailscale/cli/serve_v2.go, as its users quote the output in 2026
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const edge = process.env['EDGE']!
const mode = process.env['TUNNEL_MODE'] ?? ''
const program = process.env['PROGRAM']!
const args = process.argv.slice(2)
const port = Number(/127\.0\.0\.1:(\d+)/.exec(args.join(' '))?.[1] ?? args.at(-1))
mkdirSync(edge, { recursive: true })
writeFileSync(join(edge, `args-${program}`), JSON.stringify(args))
const count = Number(readOr('count', '0')) + 1
writeFileSync(join(edge, 'count'), String(count))
const hosts: Readonly<Record<string, string>> = {
  cloudflared: `brisk-lake-${count}-fox.trycloudflare.com`,
  ngrok: 'fixed-heron.ngrok-free.app',
  tailscale: 'laptop.tail1234.ts.net',
}
const host = hosts[program] ?? `other-${count}.example.dev`

if (mode === 'rejected') reject()
// The edge adds headers after the request line, and forwards all other bytes unchanged.
const server = createServer((socket) => {
  const onward = connect(mode === 'elsewhere' ? 9 : port, '127.0.0.1')
  let isHeaded = false
  socket.on('data', (chunk) => {
    if (isHeaded) return void onward.write(chunk)
    isHeaded = true
    const at = chunk.indexOf('\r\n') + 2
    const more = Buffer.from('X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n')
    onward.write(Buffer.concat([chunk.subarray(0, at), more, chunk.subarray(at)]))
  })
  onward.pipe(socket)
  for (const [one, other] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
})
server.listen(0, '127.0.0.1', () => {
  const publish = (): void => {
    const { port: own } = server.address() as AddressInfo
    writeFileSync(join(edge, host), String(own))
    writeFileSync(join(edge, 'pid'), String(process.pid))
  }
  if (program === 'cloudflared') {
    log(
      'INF',
      'Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick way to experiment and try it out. However, be aware that these account-less Tunnels have no uptime guarantee, are recipient to the Cloudflare Online Services Terms of Use (https://www.cloudflare.com/website-terms/), and Cloudflare reserves the right to investigate your use of Tunnels for violations of such terms. If you intend to use Tunnels in production you should use a pre-created named tunnel by following: https://developers.cloudflare.com/cloudflare-one/connections/connect-apps',
    )
    log('INF', 'Requesting new quick Tunnel on trycloudflare.com...')
    const lines = [
      'Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):',
      `https://${host}`,
    ]
    const most = Math.max(...lines.map(({ length }) => length))
    for (const line of [undefined, ...lines, undefined])
      log('INF', line === undefined ? `+${'-'.repeat(most + 4)}+` : `|  ${line.padEnd(most)}  |`)
    log(
      'INF',
      'Cannot determine default configuration path. No file [config.yml config.yaml] in [~/.cloudflared ~/.cloudflare-warp ~/cloudflare-warp /etc/cloudflared /usr/local/etc/cloudflared]',
    )
    publish()
    log(
      'INF',
      'Registered tunnel connection connIndex=0 connection=bb527b3a-8a27-467b-9fca-84972898be5c event=0 ip=198.41.192.27 location=fra08 protocol=quic',
    )
  } else if (program === 'ngrok') {
    publish()
    json({ lvl: 'info', msg: 'no configuration paths supplied' })
    json({
      addr: '127.0.0.1:4040',
      allow_hosts: [],
      lvl: 'info',
      msg: 'starting web service',
      obj: 'web',
    })
    json({ lvl: 'info', msg: 'client session established', obj: 'tunnels.session' })
    json({
      addr: `http://127.0.0.1:${port}`,
      lvl: 'info',
      msg: 'started tunnel',
      name: 'command_line',
      obj: 'tunnels',
      url: `https://${host}`,
    })
  } else if (program === 'tailscale') {
    publish()
    console.log(
      `Available on the internet:\n\nhttps://${host}/\n|-- proxy http://127.0.0.1:${port}\n\nPress Ctrl+C to exit.`,
    )
  } else {
    publish()
    console.log(
      `docs: https://docs.example.dev/start\ndashboard https://dash.example.dev/\nyour url is: https://${host}`,
    )
  }
})
process.on('SIGTERM', () => {
  rmSync(join(edge, host), { force: true })
  process.exit(0)
})

function reject(): never {
  if (program === 'cloudflared') {
    log(
      'ERR',
      `Error unmarshaling QuickTunnel response: error code: 1015 error="invalid character 'e' looking for beginning of value" status_code="429 Too Many Requests"`,
    )
    console.error(
      "failed to unmarshal quick Tunnel: invalid character 'e' looking for beginning of value",
    )
  } else if (program === 'ngrok')
    json({
      err: 'authentication failed: Usage of ngrok requires a verified account and authtoken.\n\nSign up for an account: https://dashboard.ngrok.com/signup\n\nERR_NGROK_4018\n',
      lvl: 'eror',
      msg: 'failed to reconnect session',
      obj: 'tunnels.session',
    })
  else
    console.error(
      'Funnel is not enabled on your tailnet.\nTo enable, visit:\n\n         https://login.tailscale.com/f/funnel?node=abc\n',
    )
  process.exit(1)
}

function log(level: string, text: string): void {
  console.error(`${new Date().toISOString().replace(/\.\d+Z/, 'Z')} ${level} ${text}`)
}

function json(fields: object): void {
  console.log(JSON.stringify({ ...fields, t: new Date().toISOString() }))
}

function readOr(name: string, other: string): string {
  try {
    return readFileSync(join(edge, name), 'utf8')
  } catch {
    return other
  }
}
