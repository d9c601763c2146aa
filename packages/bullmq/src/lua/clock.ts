// The store's clock is the server's clock without its jumps, and never goes back. While processes run, the store's
// clock advances like their monotonic clocks. While no process runs, it advances like the server's clock. The script
// uses pcall, so that processes can give signs of life while Redis is full or read-only.
export const CLOCK_FUNCTION: string = `
local schema = KEYS[1] .. ':schema'
local function whole(number) return string.format('%.0f', number) end
local function clock()
  local kept, time = redis.pcall('HMGET', schema, 'clock', 'offset', 'held', 'lease'), redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000) + (tonumber(kept[2] or 0) or 0)
  return now, tonumber(kept[1] or 0) or 0, tonumber(kept[3] or 0) or 0, tonumber(kept[4] or 0) or 0
end
`
