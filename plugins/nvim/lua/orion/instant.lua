--- Instants of the store, in the user's own time.
local M = {}

local function seconds(text)
  local year, month, day, hour, minute, second = text:match('^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  if not year then
    return nil
  end
  local as_local = os.time({ year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false })
  local utc = os.date('!*t', as_local)
  utc.isdst = false
  return as_local + os.difftime(as_local, os.time(utc))
end

--- `21:04:11` for today, `11-23 21:04` for this year, else the day.
---@param text any
---@return string
function M.short(text)
  local at = type(text) == 'string' and seconds(text)
  if not at then
    return ''
  end
  if os.date('%Y-%m-%d', at) == os.date('%Y-%m-%d') then
    return tostring(os.date('%H:%M:%S', at))
  end
  return tostring(os.date(os.date('%Y', at) == os.date('%Y') and '%m-%d %H:%M' or '%Y-%m-%d', at))
end

--- The day and the second.
function M.long(text)
  local at = type(text) == 'string' and seconds(text)
  return at and tostring(os.date('%Y-%m-%d %H:%M:%S', at)) or ''
end

return M
