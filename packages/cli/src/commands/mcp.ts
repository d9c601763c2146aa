import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { withInbox, type InboxOptions } from '../inbox.ts'
import { toolsOf } from '../mcp/tools.ts'
import { jsonOf, remark, type ExitCode } from '../outcome.ts'
import { version } from '../version.ts'

/** Options of `postern mcp`. */
export interface McpOptions extends InboxOptions {
  readonly allowActions?: boolean
}

/** `postern mcp`: an MCP server over stdio on one inbox. It ends when its input ends. */
export async function mcpCommand(options: McpOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async (inbox) => {
    const tools = toolsOf(inbox, options.allowActions === true)
    const handle = serveStdio(() => {
      const server = new McpServer({ name: 'postern', version: version() })
      for (const tool of tools)
        server.registerTool(
          tool.name,
          {
            description: tool.description,
            inputSchema: tool.input,
            annotations: { readOnlyHint: tool.acts !== true && tool.name !== 'send_delivery' },
          },
          async (given: unknown) => {
            try {
              const found = await tool.run(given as Readonly<Record<string, never>>)
              return {
                content: [{ type: 'text', text: jsonOf(found, 2) }],
              }
            } catch (error) {
              const text = error instanceof Error ? error.message : String(error)
              return { content: [{ type: 'text', text }], isError: true }
            }
          },
        )
      return server
    })
    remark(`postern mcp: ${tools.length} tools on ${inbox.name}`)
    await new Promise<void>((resolve) => {
      process.stdin.once('end', resolve)
      process.stdin.once('close', resolve)
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
    await handle.close()
    return 0
  })
}
