--- Events as they come, newest last. The buffer is a window on the stream, of so many lines: what is older goes.
local buffers = require('orion.buffers')
local config = require('orion.config')
local instant = require('orion.instant')
local paint = require('orion.paint')
local safe = require('orion.safe')

local M = {}
local Watch = {}
Watch.__index = Watch

local pause_ms = 100
--- Most lines that are drawn at once: drawing more would be felt.
local drawn_max = 200

M.keys = {
  {
    '<CR>',
    function(watch)
      local subject = watch:subject()
      if subject then
        require('orion.commands').open(watch.store, subject.type, subject.id)
      end
    end,
    'open the record of the event',
  },
  {
    'p',
    function(watch)
      watch.paused = not watch.paused
      watch:_flush()
    end,
    'pause, and go on',
  },
}

--- Opens the events of a pattern.
function M.open(store, pattern, options)
  options = options or {}
  local buffer, fresh = buffers.get(store.root, { 'watch', pattern }, { buffer = options.buffer })
  local watch = buffers.model(buffer)
  if fresh or not watch then
    watch = setmetatable({
      store = store,
      buffer = buffer,
      pattern = pattern,
      is_table = true,
      keys = M.keys,
      waiting = {},
      subjects = {},
      seen = 0,
      left_out = 0,
    }, Watch)
    buffers.attach(buffer, watch)
    paint.put(buffer, { watch:_head() })
    watch:_live()
  end
  buffers.show(buffer, options.split)
  return watch
end

function Watch:_live()
  self.unwatch = self.store:watch(function()
    self:_soon()
  end)
  self.feed = self.store:subscribe({ patterns = { self.pattern }, include = 'changes' }, {
    events = function(events)
      for _, event in ipairs(events) do
        self:_add(event)
      end
    end,
    gap = function(reason)
      self:_add({ gap = reason })
    end,
    closed = function(problem)
      self.problem = problem
      self:_soon()
    end,
  })
end

function Watch:_add(event)
  self.seen = self.seen + (event.gap and 0 or 1)
  table.insert(self.waiting, event)
  -- What would scroll out at once is not kept either.
  if #self.waiting > 2 * config.get().watch_lines then
    local kept = vim.list_slice(self.waiting, #self.waiting - config.get().watch_lines + 1)
    self.waiting = kept
  end
  self:_soon()
end

function Watch:_soon()
  if self.timer or self.closed then
    return
  end
  self.timer = vim.defer_fn(function()
    self.timer = nil
    self:_flush()
  end, pause_ms)
end

local words = { ready = 'live', starting = 'connecting …', lost = 'connecting again …', failed = 'not connected', idle = 'not connected' }
local groups = { ready = 'OrionGood', failed = 'OrionBad' }

function Watch:_head()
  local state = self.store.state
  return {
    { 'Events ', 'OrionTitle' },
    { safe.line(self.pattern), 'OrionType' },
    { ('  %d  '):format(self.seen), 'OrionDim' },
    { self.paused and 'paused' or words[state], self.paused and 'OrionWait' or groups[state] or 'OrionWait' },
    { self.problem and '  ' .. safe.line(self.problem.message or '') or '', 'OrionBad' },
  }
end

local function line_of(event)
  if event.gap then
    local reasons = {
      compacted = 'events were compacted away before they could be read',
      epoch = 'the store was put back to an older state',
      store = 'another store is in its place',
    }
    return { { '— a gap: ' .. (reasons[event.gap] or safe.line(event.gap)) .. ' —', 'OrionWait' } }
  end
  return {
    { instant.short(event.at) .. '  ', 'OrionDim' },
    { safe.cut(safe.line(event.topic), 26, true) .. '  ', 'OrionType' },
    { safe.cut(safe.line(event.id or ''), 38, true) .. '  ', 'OrionId' },
    { safe.cut(safe.line(event.actor and event.actor.principal or ''), 16, true) .. '  ' },
    { safe.cut(safe.line(table.concat(event.changedFields or {}, ', ')), 60), 'OrionDim' },
  }
end

--- Draws what has come, some lines at a time.
function Watch:_flush()
  if self.closed or not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  local windows = vim.fn.win_findbuf(self.buffer)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  local following = {}
  for _, window in ipairs(windows) do
    if vim.api.nvim_win_get_cursor(window)[1] >= count then
      table.insert(following, window)
    end
  end
  if not self.paused and #self.waiting > 0 then
    local number = math.min(drawn_max, #self.waiting)
    local lines = {}
    for index = 1, number do
      local event = self.waiting[index]
      table.insert(lines, line_of(event))
      table.insert(self.subjects, event.id and event.type and { type = event.type, id = event.id } or false)
    end
    self.waiting = vim.list_slice(self.waiting, number + 1)
    paint.put(self.buffer, lines, count)
    self:_forget()
  end
  self:_put_head()
  local last = vim.api.nvim_buf_line_count(self.buffer)
  for _, window in ipairs(following) do
    vim.api.nvim_win_set_cursor(window, { last, 0 })
  end
  if #self.waiting > 0 and not self.paused then
    self:_soon()
  end
end

--- Lets the oldest lines go.
function Watch:_forget()
  local excess = #self.subjects - config.get().watch_lines
  if excess > 0 then
    vim.bo[self.buffer].modifiable = true
    vim.api.nvim_buf_set_lines(self.buffer, 1, 1 + excess, false, {})
    vim.bo[self.buffer].modifiable = false
    self.subjects = vim.list_slice(self.subjects, excess + 1)
  end
end

function Watch:_put_head()
  local pieces = self:_head()
  local text, column = {}, 0
  for _, piece in ipairs(pieces) do
    table.insert(text, piece[1])
  end
  vim.bo[self.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(self.buffer, 0, 1, false, { table.concat(text) })
  vim.bo[self.buffer].modifiable = false
  vim.bo[self.buffer].modified = false
  for _, piece in ipairs(pieces) do
    if piece[2] and #piece[1] > 0 then
      vim.api.nvim_buf_set_extmark(self.buffer, paint.space, 0, column, { end_col = column + #piece[1], hl_group = piece[2] })
    end
    column = column + #piece[1]
  end
end

--- What commands without an id are about: the record of the event under the cursor.
function Watch:subject()
  return self.subjects[vim.api.nvim_win_get_cursor(0)[1] - 1] or nil
end

--- Asks nothing: it is live.
function Watch:refresh()
  self:_flush()
end

--- Ends it.
function Watch:close()
  self.closed = true
  if self.unwatch then
    self.unwatch()
  end
  if self.feed then
    self.feed:close()
  end
end


return M
