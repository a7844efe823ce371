--- A list of records that stays true: when something of its type has changed, its page is asked for again. However much
--- changes and however many records there are, the buffer holds one page, and one question is under way.
local buffers = require('orion.buffers')
local config = require('orion.config')
local faces = require('orion.faces')
local paint = require('orion.paint')
local safe = require('orion.safe')

local M = {}
local List = {}
List.__index = List

--- Pauses between two questions: of the page, and of how many there are, which takes longer.
local page_pause_ms, count_pause_ms = 200, 2000
local head_lines = 3
local usual_width = 100

--- Opens a list.
---
---@param store table
---@param view table See `orion.views`.
---@param parts string[] Parts of the buffer's name.
---@param options? {filter?: string, buffer?: integer, split?: string}
function M.open(store, view, parts, options)
  options = options or {}
  local filter = options.filter or view.filter
  if filter and not (view.filters and view.filters[filter]) then
    local known = vim.tbl_keys(view.filters or {})
    table.sort(known)
    return faces.tell({
      kind = 'invalid_request',
      message = ('there is no %s of %s; there are %s'):format(filter, view.title, #known > 0 and table.concat(known, ', ') or 'none'),
    })
  end
  local buffer, fresh = buffers.get(store.root, parts, { buffer = options.buffer })
  local list = buffers.model(buffer)
  if fresh or not list then
    list = setmetatable({
      store = store,
      view = view,
      filter = filter,
      buffer = buffer,
      is_table = true,
      records = {},
      cursors = {},
      keys = M.keys,
    }, List)
    buffers.attach(buffer, list)
    list:_live()
  elseif list.filter ~= filter then
    list.filter, list.cursors = filter, {}
  end
  buffers.show(buffer, options.split)
  list:refresh()
  return list
end

--- The keys of a list.
M.keys = {
  { '<CR>', function(list) list:choose() end, 'open the record under the cursor' },
  { ']]', function(list) list:turn(1) end, 'next page' },
  { '[[', function(list) list:turn(-1) end, 'page before' },
  { 'gr', function(list) list:refresh() end, 'ask again' },
}

function List:_live()
  self.feed = {}
  self.unwatch = self.store:watch(function(store)
    self:_draw_head()
    if store.state == 'ready' and self.problem then
      self:touch()
    end
  end)
  self.feed = self.store:subscribe({ patterns = { self.view.type .. '.*' }, policy = 'coalesce' }, {
    opened = function(resumed)
      self:_draw_head()
      if not resumed then
        self:touch()
      end
    end,
    events = function()
      self:touch()
    end,
    gap = function()
      self:touch()
    end,
    closed = function(problem)
      self.problem = problem
      self:_draw()
    end,
  })
  vim.api.nvim_create_autocmd('BufWinEnter', {
    buffer = self.buffer,
    callback = function()
      if self.stale then
        self:refresh()
      end
    end,
  })
  vim.api.nvim_create_autocmd({ 'VimResized', 'WinResized' }, {
    callback = function()
      if self.closed then
        return true
      end
      if buffers.is_shown(self.buffer) and self:_width() ~= self.drawn_width then
        self:_draw()
      end
    end,
  })
end

--- Something has changed: asks again, soon.
function List:touch()
  if self.closed or self.timer then
    return
  end
  -- Nobody looks: it is asked when somebody does.
  if not buffers.is_shown(self.buffer) then
    self.stale = true
    return
  end
  self.timer = vim.defer_fn(function()
    self.timer = nil
    self:refresh()
  end, page_pause_ms)
end

function List:_where()
  local where = self.filter and self.view.filters[self.filter]
  return where and next(where) and where or nil
end

--- Asks for the page. One question at a time.
function List:refresh()
  if self.closed then
    return
  end
  if self.asking then
    self.again = true
    return
  end
  self.asking, self.again, self.stale = true, false, false
  local params = {
    type = self.view.type,
    fields = self.view.fields,
    where = self:_where(),
    limit = config.get().page_size,
    orderBy = { { field = 'createdAt', direction = 'desc' } },
    after = self.cursors[#self.cursors],
  }
  self.store:request('record/list', params, function(problem, page)
    self.asking = false
    if self.closed then
      return
    end
    self.problem = problem
    if page then
      self.records, self.next = page.records, page.next
      self:_count()
    end
    self:_draw()
    if self.again then
      self:touch()
    end
  end)
end

--- Asks how many there are, now and then.
function List:_count()
  local now = vim.uv.now()
  if self.counting or (self.counted_at and now - self.counted_at < count_pause_ms) then
    return
  end
  self.counting, self.counted_at = true, now
  self.store:request('record/count', { type = self.view.type, where = self:_where() }, function(_, answer)
    self.counting = false
    if answer and not self.closed then
      self.count = answer.count
      self:_draw_head()
    end
  end)
end

--- Goes to another page.
function List:turn(step)
  if step > 0 and self.next then
    table.insert(self.cursors, self.next)
  elseif step < 0 and #self.cursors > 0 then
    table.remove(self.cursors)
  else
    return vim.notify('orion: there is no page there', vim.log.levels.INFO)
  end
  self:refresh()
end

--- The record in a line; the one under the cursor by default.
function List:record_at(line)
  line = line or vim.api.nvim_win_get_cursor(0)[1]
  return self.shown and self.shown[line - head_lines] or nil
end

--- What commands without an id are about.
function List:subject()
  local record = self:record_at()
  return record and { type = record.type, id = record.id } or nil
end

--- Opens the record under the cursor.
function List:choose()
  local subject = self:subject()
  if subject then
    require('orion.commands').open(self.store, subject.type, subject.id)
  end
end

function List:_width()
  local window = vim.fn.bufwinid(self.buffer)
  if window == -1 then
    return self.drawn_width or usual_width
  end
  local info = vim.fn.getwininfo(window)[1]
  return math.max(40, info.width - info.textoff)
end

local states = {
  ready = { 'live', 'OrionGood' },
  starting = { 'connecting …', 'OrionWait' },
  lost = { 'connecting again …', 'OrionWait' },
  failed = { 'not connected', 'OrionBad' },
  idle = { 'not connected', 'OrionDim' },
}

local function grouped(number)
  local text = tostring(number):reverse():gsub('(%d%d%d)', '%1 '):reverse()
  return vim.trim(text)
end

--- How far and how live: the first line.
function List:_head()
  local state = states[self.store.state]
  if self.store.state == 'ready' and not self.feed.id then
    state = self.feed.ended and states.failed or states.starting
  end
  local shown = #(self.shown or {})
  local first = #self.cursors * config.get().page_size
  local range = shown == 0 and 'none' or ('%s–%s'):format(grouped(first + 1), grouped(first + shown))
  local of = self.count and (' of ' .. grouped(self.count)) or (self.next and ' and more' or '')
  return {
    { self.view.title, 'OrionTitle' },
    { self.filter and (' (%s)'):format(self.filter) or '' },
    { '  ' .. range .. of, 'OrionDim' },
    { '  ' },
    { state[1], state[2] },
    { self.next and '  ]] next page' or '', 'OrionDim' },
  }
end

function List:_draw_head()
  if self.closed or not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  if self.store.state == 'failed' and (self.store.problem or {}) ~= self.problem then
    self.problem = self.store.problem
    return self:_draw()
  end
  if not self.drawn_width then
    return self:_draw()
  end
  local pieces = self:_head()
  vim.bo[self.buffer].modifiable = true
  local text = table.concat(vim.tbl_map(function(piece)
    return piece[1]
  end, pieces))
  vim.api.nvim_buf_set_lines(self.buffer, 0, 1, false, { text })
  vim.bo[self.buffer].modifiable = false
  vim.bo[self.buffer].modified = false
  local column = 0
  for _, piece in ipairs(pieces) do
    if piece[2] and #piece[1] > 0 then
      vim.api.nvim_buf_set_extmark(self.buffer, paint.space, 0, column, { end_col = column + #piece[1], hl_group = piece[2] })
    end
    column = column + #piece[1]
  end
end

--- The columns that have room in so many cells, and what is left for the one that takes the rest: it is always there, and the
--- others go from the last on.
local function layout(columns, width)
  local kept, needed = vim.list_slice(columns), 22
  for _, column in ipairs(columns) do
    needed = needed + (column[2] > 0 and column[2] + 2 or 0)
  end
  for index = #columns, 2, -1 do
    if needed > width and columns[index][2] > 0 then
      needed = needed - columns[index][2] - 2
      table.remove(kept, index)
    end
  end
  return kept, math.max(20, width - needed + 20)
end

local function row(columns, rest, cell)
  local pieces = {}
  for index, column in ipairs(columns) do
    local text, group = cell(column)
    local width = column[2] > 0 and column[2] or rest
    local last = index == #columns
    table.insert(pieces, { safe.cut(safe.line(text), width, not last), group })
    if not last then
      table.insert(pieces, { '  ' })
    end
  end
  return pieces
end

--- Draws the whole of it; the cursor stays on its record.
function List:_draw()
  if self.closed or not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  local window = vim.fn.bufwinid(self.buffer)
  local cursor = window ~= -1 and vim.api.nvim_win_get_cursor(window) or nil
  local before = cursor and self:record_at(cursor[1])
  self.drawn_width = self:_width()
  self.shown = self.records
  local columns, rest = layout(self.view.columns, self.drawn_width)
  local lines = {
    self:_head(),
    row(columns, rest, function(column)
      return column[1], 'OrionHead'
    end),
    { { ('─'):rep(self.drawn_width), 'OrionDim' } },
  }
  if self.problem then
    vim.list_extend(lines, faces.lines(self.problem))
    self.shown = {}
  else
    for _, record in ipairs(self.records) do
      if record.quarantined then
        table.insert(lines, { { safe.cut(safe.line('! ' .. record.id .. ' does not fit its type: ' .. record.quarantined.reason), self.drawn_width), 'OrionBad' } })
      else
        table.insert(lines, row(columns, rest, function(column)
          return column[3](record)
        end))
      end
    end
    if #self.records == 0 then
      table.insert(lines, { { 'There is nothing here yet.', 'OrionDim' } })
    end
  end
  paint.put(self.buffer, lines)
  if cursor then
    self:_put_cursor(window, cursor, before)
  end
end

function List:_put_cursor(window, cursor, before)
  local line = cursor[1]
  for index, record in ipairs(before and self.shown or {}) do
    if record.id == before.id then
      line = index + head_lines
      break
    end
  end
  if cursor[1] <= 1 and not self.placed and #self.shown > 0 then
    self.placed, line = true, head_lines + 1
  end
  line = math.min(line, vim.api.nvim_buf_line_count(self.buffer))
  vim.api.nvim_win_set_cursor(window, { line, cursor[2] })
end

--- Ends it.
function List:close()
  self.closed = true
  if self.unwatch then
    self.unwatch()
  end
  if self.feed then
    self.feed:close()
  end
end

return M
