-- How a Neovim bears many events while it shows them; `npm run editors:neovim-load` writes them and prints what came of it.
package.path = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/?.lua;' .. package.path
local h = require('harness')
local tick_ms, quiet_ms, rest_ms = 5, 5000, 2000
h.patience_ms = 180000
h.fresh()
vim.cmd('Orion insights')
h.wait_shown('live')
local list = vim.api.nvim_get_current_buf()
vim.cmd('split')
vim.cmd('Orion watch *')
h.wait_shown('live')

--- The longest time, in milliseconds, for which the loop came to nothing else while something runs.
local function longest_block(run)
  local longest, last = 0, vim.uv.hrtime()
  local timer = vim.uv.new_timer()
  timer:start(
    tick_ms,
    tick_ms,
    vim.schedule_wrap(function()
      local now = vim.uv.hrtime()
      longest = math.max(longest, (now - last) / 1e6 - tick_ms)
      last = now
    end)
  )
  run()
  timer:close()
  return math.floor(longest + 0.5)
end

local function rest(time_ms)
  vim.wait(time_ms, function()
    return false
  end, 5)
end

local function memory_mib()
  collectgarbage()
  return math.floor(vim.uv.resident_set_memory() / 2 ^ 20 + 0.5)
end

local function say(fact)
  io.stdout:write(vim.json.encode(fact), '\n')
  io.stdout:flush()
end

local quiet = longest_block(function()
  rest(quiet_ms)
end)
say({ quiet = quiet, memory = memory_mib() })
for round = 1, 3 do
  local last = 'the last word ' .. round
  local block = longest_block(function()
    say({ ready = round })
    h.wait_shown(last, list)
  end)
  rest(rest_ms)
  say({ block = block, memory = memory_mib(), lines = #h.lines() })
end
h.finish()
